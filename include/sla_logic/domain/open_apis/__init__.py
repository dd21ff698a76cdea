"""What the TM Forum Open APIs call our documents: resources as JSON, without a null and without a guess."""
