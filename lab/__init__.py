"""How the tiny models were made, and what is measured on them. No wheel carries this folder."""
