"""People who cannot sign in: they set a new password, or unlock their account, themselves."""
