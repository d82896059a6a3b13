"""Small experiments on a mechanism: many replicas trained at once, with a suspected cause, without it, and mended.

``mechanisms`` holds one file each; what they share is here. Only modules that compute import torch.
"""
