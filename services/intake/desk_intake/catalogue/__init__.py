"""The catalogue: what people can ask for, who says yes to it, and who fulfils it."""
