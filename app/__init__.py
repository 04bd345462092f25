"""The product: what organizations publish, who works on it, and the API through which both are reached."""
