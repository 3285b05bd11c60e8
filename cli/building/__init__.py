"""What is built before it is used: the deployment by the SAM CLI, its layers, a browser for tests."""
