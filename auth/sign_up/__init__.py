"""Sign-up: somebody asks for an organization at the installation's own address, proves their e-mail, and a worker makes it."""
