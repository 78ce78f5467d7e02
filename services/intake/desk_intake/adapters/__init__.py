"""What intake speaks to outside, one package for each port."""
