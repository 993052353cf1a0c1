"""What perfbench says about, and writes into, a repository: doctor."""
