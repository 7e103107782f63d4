"""Notices: who is told what, once.

situation ─> due (pure) ─> recorded, with a posting for each recipient ─> messages ─> mail, chat, webhook
                            one transaction                               one a recipient and round
"""
