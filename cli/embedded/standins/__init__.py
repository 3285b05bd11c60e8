"""What the embedded AWS does otherwise than AWS, mended: a file a behaviour, each with an ``install`` that puts it in.

They run in MiniStack's own process, whose program is `cli.embedded.standin`: they import nothing of the project but one
another, and MiniStack's modules when they are installed. What AWS does is in each file, with where that is from.
"""
