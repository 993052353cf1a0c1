"""What is measured: ordinary asv modules, one for each area. docs/benchmarks.md says what each row means."""
