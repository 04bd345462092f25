// The page's one form goes on by itself; where scripts are off, its button does the same.
document.forms[0].submit();
