"""What requests and answers of the REST API look like; the OpenAPI description is made from the same classes."""
