import warnings

warnings.filterwarnings("ignore", category=UserWarning, module="gymnasium")
