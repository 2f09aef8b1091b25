"""``python -m benchmarks``; see `compare`.

Nothing is imported up here: every process that is compared executes this file first, and the
published code is to find PyTorch as it comes.
"""

if __name__ == "__main__":
    from colorizer.process import tune

    tune()
    from .compare import main

    main()
