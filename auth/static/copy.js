// Values that are entered elsewhere get a button that copies them; where scripts are off, they are selected and copied by hand.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("input").value);
      button.textContent = button.dataset.done;
      button.parentElement.querySelector("[role=status]").textContent = button.dataset.done;
    });
  }
}
