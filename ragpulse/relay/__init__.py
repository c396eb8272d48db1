"""The adapter: takes what Alertmanager cannot tell somebody itself, keeps it on disk, and tells them.

What it accepted with 200 lies on the disk, and is either told or written down as not told (`dead_letters`); what it
could not keep is refused with 5xx, and Alertmanager tries again. It does not wait for the receiver before it answers:
what takes longer than Alertmanager waits would be sent once more.
"""
