# The tiny models, in separate resumable steps. All of them take under three hours on two cores; each step is skipped
# where its result is there already. Remove tts/tiny/weights/NAME to make a model again.

TINY := tts/tiny/weights
TINY_RUN := $(BIN)/python -m lab

.PHONY: tiny-models tiny-policy tiny-large tiny-rollouts tiny-prm tiny-prm-weak tiny-models-eval tiny-models-card \
  strategies-table results

tiny-models: tiny-policy tiny-large tiny-prm tiny-prm-weak  ## train the tiny models that are missing

tiny-policy: $(TINY)/policy/model.safetensors
tiny-large: $(TINY)/large/model.safetensors
tiny-prm: $(TINY)/prm/model.safetensors
tiny-prm-weak: $(TINY)/prm_weak/model.safetensors

$(TINY)/policy/model.safetensors $(TINY)/large/model.safetensors: | $(INSTALLED)
	$(TINY_RUN).train_policy $(notdir $(@D))

tiny-rollouts: $(TINY)/policy/model.safetensors  ## label steps by roll-outs of the policy
	for kind in train wide heldout; do $(TINY_RUN).rollouts $$kind || exit; done

$(TINY)/prm/model.safetensors $(TINY)/prm_weak/model.safetensors: | tiny-rollouts
	$(TINY_RUN).train_prm $(notdir $(@D))

tiny-models-eval: tiny-models tiny-rollouts  ## measure the tiny models through vLLM and write the card's figures
	rm -rf .cache/tiny/eval
	for stage in policy large revision prm prm_weak; do $(TINY_RUN).evaluate $$stage || exit; done
	$(MAKE) tiny-models-card

tiny-models-card: $(INSTALLED)  ## write the measured figures into docs/tiny-models.md
	$(TINY_RUN).card docs/tiny-models.md

strategies-table: $(INSTALLED)  ## run all strategies on arith through vLLM and write docs/strategies.md's tables (half an hour)
	$(BIN)/tts run examples/arith_strategies.yaml --out runs/strategies
	$(TINY_RUN).strategies runs/strategies docs/strategies.md

results: $(INSTALLED)  ## what compute bought on arith, into docs/results.md (13 minutes)
	$(BIN)/tts run examples/results.yaml --out runs/results
	$(BIN)/tts run examples/results_large.yaml --out runs/results-large
	$(TINY_RUN).results runs/results runs/results-large docs/results.md
