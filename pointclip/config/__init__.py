"""A config checked and resolved: experiments, paths of files, the hash of the code."""
