"""A procedural model of human heads, and the records a generator is trained and judged on.

A seed is a head: `HeadModel(DATA).head(seed)` draws a person, dresses and lights them; `Head.render` photographs them from
any camera. It is built on MakeHuman's base mesh (data/INDEX.md tells where every file comes from). Lengths are decimetres
on the base mesh and world units in the head's frame, which is EG3D's: x to the person's left, y up, z out of the face,
the box from -0.5 to 0.5. Needs Debian's python3-numpy, python3-scipy, python3-pil and gcc.

    pack        the base mesh, its morph targets and what is bound to it
    shape       a person's shape: morph targets and identity modes
    expression  what the face does: blendshapes, and lids that meet
    person      who it is: sex, age, ancestry, skin, hair colour
    outfit      what they wear: rules for hair styles, glasses, beards, hats
    change      the same person with one thing changed
    atlas       the skin's texture atlas: where it is face, lips, beard, scalp
    skin        the skin's texture, with cloth, beard and cropped hair painted in
    hair        hair's meshes and their colour
    eyes        eyes, brows, lashes, teeth
    light       a random environment, and the irradiance it gives every vertex
    camera      cameras around the head
    raster      the rasteriser (raster.c)
    head        all of it put together, rendered
    surface     points on the visible surface, and what lies inside
    landmarks   points of the face that MediaPipe finds too
    records     the files
"""
