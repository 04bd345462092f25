"""Following: what people want to hear of. They follow the organization, an author, a category or a tag, and are told what is published there.

Nothing here is an aggregate: a subscription is a row, there or not, no event tells of it, and Postgres refuses one whose ends are not there.
"""
