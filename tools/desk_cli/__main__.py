"""`python -m desk_cli` is `desk`."""

from desk_cli.main import main

if __name__ == "__main__":
    main()
