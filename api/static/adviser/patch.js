/** Drawing a list again without touching what is the same: focus, selection and what a screen reader reads stay. */

/** Make the children of `list` like `items`. Listeners of equal items must do the same. */
export function patch(list, items) {
  items.forEach((item, at) => {
    const old = list.children[at];
    if (!old) list.append(item);
    else if (!old.isEqualNode(item)) old.replaceWith(item);
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
}
