"""Findings in the forms in which a code host shows them, beside the lines that they are about."""
