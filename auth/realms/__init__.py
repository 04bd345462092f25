"""Home realms: from an e-mail address to the organizations that it opens, without anybody learning who is where.

What is here lies in the control schema: nothing of it can be read by an organization, and nobody's address can be read by anybody.
"""
