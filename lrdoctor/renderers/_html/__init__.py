"""The report as a web page: the view, its templates, and the assets that the TensorBoard tab shares."""
