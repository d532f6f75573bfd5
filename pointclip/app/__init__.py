"""What a person uses directly: classifier, viewer, training on a folder, command line."""
