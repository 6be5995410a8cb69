"""What goes out as one file: tables of labels, archives of images with their labels."""
