"""What was measured over a window: judged by the targets, kept as a baseline, and compared with one that was kept."""
