"""The notebooks: their form, their layers and functions, their labs in the kernel, their exercises."""
