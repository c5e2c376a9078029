"""The command line: each verb parses, calls the workbench, and prints."""
