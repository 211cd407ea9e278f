"""Opens a GLB or OBJ in Blender and renders it as a camera sees it: in its colours alone, and in light.

blender -b --factory-startup --python-exit-code 1 -P blender.py -- FILE LABEL.json SIDE UNLIT.png LIT.png
"""

import json
import math
import sys

import bpy
import numpy
from mathutils import Matrix

METRES_PER_UNIT = 0.4
# Debian has a newer numpy than its Blender expects.
numpy.bool = bool


def load(path):
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    if path.endswith(".glb"):
        bpy.ops.import_scene.gltf(filepath=path)
    else:
        bpy.ops.wm.obj_import(filepath=path)
    return [thing for thing in bpy.data.objects if thing.type == "MESH"]


def camera_of(label):
    """Blender's z is up and what glTF calls z is its -y; its cameras look along -z, ours along z."""
    turned = Matrix(((1, 0, 0, 0), (0, 0, -1, 0), (0, 1, 0, 0), (0, 0, 0, 1)))
    ours = Matrix([label[4 * row : 4 * row + 4] for row in range(4)])
    ours.translation *= METRES_PER_UNIT
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.sensor_width = 1
    camera.data.lens = label[16]
    camera.matrix_world = turned @ ours @ Matrix.Diagonal((1, -1, -1, 1))
    return camera


def render(path, samples):
    scene = bpy.context.scene
    scene.cycles.samples = samples
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)


def unlight(material):
    """Shows the picture that the base colour is taken from, or whatever it is, as it is."""
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    glow = tree.nodes.new("ShaderNodeEmission")
    for link in list(shader.inputs["Base Color"].links):
        tree.links.new(link.from_socket, glow.inputs["Color"])
    tree.links.new(glow.outputs["Emission"], output.inputs["Surface"])


def main(path, label, side, unlit, lit):
    meshes = load(path)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    # Debian's is built without a denoiser.
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = side
    scene.render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.6
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "SUN"))
    lamp.data.energy = 2.5
    lamp.rotation_euler = (math.radians(50), 0, math.radians(30))
    camera = camera_of(label)
    for thing in (lamp, camera):
        scene.collection.objects.link(thing)
    scene.camera = camera
    render(lit, 8)
    for material in {slot.material for mesh in meshes for slot in mesh.material_slots}:
        unlight(material)
    render(unlit, 4)


file, camera, side, unlit, lit = sys.argv[sys.argv.index("--") + 1 :]
with open(camera, encoding="utf-8") as text:
    main(file, json.load(text), int(side), unlit, lit)
