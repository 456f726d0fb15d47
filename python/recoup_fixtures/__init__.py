"""Truth for the tests of the graph tools: tiny vision towers of random weights, exported and rewritten in every way that
published files are, with what PyTorch computes."""
