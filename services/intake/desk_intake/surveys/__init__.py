"""How it went: who is asked, by a link that needs no sign-in, and who looks after the unhappy."""
