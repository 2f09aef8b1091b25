"""How the app is doing, for the programs that watch it."""

from __future__ import annotations

import shutil

from support.client import upload


def test_metrics_count(client):
    upload(client)
    upload(client, b"text")
    figures = client.get("/metrics").text
    assert 'colorizer_photo_seconds_count{model="artistic"} 1.0' in figures
    assert 'colorizer_photos_refused_total{error="NotAPictureError"} 1.0' in figures
    assert "colorizer_photos_in_progress 0.0" in figures
    assert 'colorizer_model_ready{model="artistic"} 1.0' in figures


def test_it_is_ready_as_long_as_a_generator_is(app, client):
    assert client.get("/readyz").status_code == 200
    status = app.extensions["colorizer"].models["artistic"]
    status.generator, status.state = None, "failed"
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_it_is_not_ready_on_a_full_disk_or_without_its_folder(app, make_app, tmp_path):
    full = make_app(uploads=tmp_path / "full", max_upload_mb=1 << 40).test_client()
    assert full.get("/readyz").status_code == 503
    assert full.get("/readyz").text == "disk full\n"
    shutil.rmtree(app.extensions["colorizer"].store.folder)
    assert app.test_client().get("/readyz").status_code == 503
