"""What starts, tries and measures the product on one machine."""
