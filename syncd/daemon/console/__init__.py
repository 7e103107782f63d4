"""The console: web pages for those who decide. Imported when the first page is asked for, and not before.

browser ─> site ─> session, form ─> pages ─> a page's facts ─> rendering ─> HTML
                                      └ read only, but for three: sync, approve, reject
"""
