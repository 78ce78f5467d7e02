"""What monitoring systems send in their own form, published as events under their own source."""
