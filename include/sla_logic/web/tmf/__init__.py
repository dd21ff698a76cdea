"""The open APIs of TM Forum: for partners, who see their customers alone, and for those who may use the desk."""

from include.sla_logic.web.tmf.app import build_open_apis

__all__ = ["build_open_apis"]
