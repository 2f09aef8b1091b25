"""What a server does for its visitors, each in turn."""
