"""Every command of the documents, and the test that runs it."""
