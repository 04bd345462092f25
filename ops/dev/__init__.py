"""`imprint dev`: all of Imprint on one machine, from one command, until Ctrl-C."""
