"""The Overview page: are we inside our targets, what is breaking them, who must act now?"""
