"""How far the chains of runs were, published by somebody who only reads them."""
