"""Chat: commands and messages of Slack and Mattermost, by one signed webhook."""
