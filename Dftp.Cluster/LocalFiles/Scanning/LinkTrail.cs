namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>
/// Follows a symlink step by step to find the directories whose entries determine where it ends: those that hold a symlink on the path, the
/// one that holds its target and, if the target does not exist, the one in which the next name would have to appear.
/// </summary>
internal sealed class LinkTrail(LocalRoot root)
{
    /// <summary>Linux' limit.</summary>
    private const int MaxLinks = 40;

    private readonly List<byte[]> _real = [];
    private readonly Stack<byte[]> _rest = new();
    private readonly List<byte[]> _directories = [];

    /// <param name="root">The root.</param>
    /// <param name="link">The path of the symlink; no part before its last is a symlink.</param>
    /// <returns>Real paths beneath the root; duplicates are possible.</returns>
    public static IReadOnlyList<byte[]> Of(LocalRoot root, byte[] link)
    {
        var trail = new LinkTrail(root);
        trail.Push(link);
        trail.Follow();
        return trail._directories;
    }

    private void Follow()
    {
        var links = 0;
        while (_rest.TryPop(out var name))
        {
            if (name.AsSpan().SequenceEqual(".."u8))
            {
                if (_real.Count == 0) return;
                _real.RemoveAt(_real.Count - 1);
                continue;
            }

            _real.Add(name);
            var text = root.ReadLinkText(Joined());
            if (text.Kind == LinkTextKind.NoLink)
            {
                if (_rest.Count == 0) NoteParent();
                continue;
            }

            NoteParent();
            _real.RemoveAt(_real.Count - 1);
            // The parent may be a file now and a directory later.
            if (text.Kind == LinkTextKind.Nothing && _real.Count > 0) NoteParent();
            if (text.Kind != LinkTextKind.Link || ++links > MaxLinks) return;
            if (text.IsFromRoot) _real.Clear();
            Push(text.Target!);
        }
    }

    private void Push(byte[] path)
    {
        var names = new List<byte[]>();
        foreach (var range in path.AsSpan().Split((byte)'/'))
        {
            var name = path.AsSpan()[range];
            if (!name.IsEmpty && !name.SequenceEqual("."u8)) names.Add(name.ToArray());
        }

        for (var index = names.Count - 1; index >= 0; index--) _rest.Push(names[index]);
    }

    private void NoteParent()
    {
        var path = Joined();
        _directories.Add(path[..Math.Max(path.AsSpan().LastIndexOf((byte)'/'), 0)]);
    }

    private byte[] Joined() => [.. _real.SelectMany((name, index) => index == 0 ? name : [(byte)'/', .. name])];
}
