"""The image, built from the Dockerfile without a container engine, and run."""
