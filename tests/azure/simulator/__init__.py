"""A simulator of the Azure services that the kernel talks to, from their documentation.

Login, managed identities, Azure Resource Manager, Synapse's and Fabric's Livy, over TLS
with a CA of its own, behind an inspecting proxy that knows the real host names. Written
apart from the client: it shares no constant with it, and refuses what Azure refuses.
`Simulator` (app.py) holds all of it; README.md beside this folder tells how to use it.
"""
