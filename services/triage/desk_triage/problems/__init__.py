"""Many like tickets are one problem: when it begins, what joins it, when it is over."""
