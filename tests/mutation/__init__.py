"""Mutation of rules: is there a promtool test that notices when a threshold, a comparator or a guard is wrong?"""
