using System.Text;
using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>
/// A directory at which what a principal may see changes somewhere below, or a path at which it changes: <see cref="IsVisible"/> differs
/// from the directory above.
/// </summary>
internal sealed class VisiblePlace
{
    private VisiblePlace(VirtualPath path, bool isVisible, List<VisiblePlace> below)
    {
        (Path, NameUtf8, IsVisible) = (path, Encoding.UTF8.GetBytes(path.Name), isVisible);
        below.Sort(static (a, b) => a.NameUtf8.AsSpan().SequenceCompareTo(b.NameUtf8));
        Below = [.. below];
        foreach (var place in Below) place.Above = this;
    }

    public VirtualPath Path { get; }

    public byte[] NameUtf8 { get; }

    /// <summary>Whether the path is visible, and everything below it that is in no place of <see cref="Below"/>.</summary>
    public bool IsVisible { get; }

    /// <summary>The directory of this place; null for the root.</summary>
    public VisiblePlace? Above { get; private set; }

    /// <summary>The places directly in this directory, sorted by the bytes of their names.</summary>
    public VisiblePlace[] Below { get; }

    /// <summary>Whether a part of the directory is visible and another part is not.</summary>
    public bool IsMixed => Below.Length > 0;

    /// <summary>The places of a principal, from the root.</summary>
    public static VisiblePlace Of(Principal principal) =>
        Build(VirtualPath.Root, principal, [.. principal.Places.Select(place => place.Path)]);

    /// <summary>The place that decides about a path: the one at the path, or the deepest above it.</summary>
    public VisiblePlace Deciding(VirtualPath path, out bool isAtPath)
    {
        var place = this;
        var rest = path.Relative;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf('/');
            if (place.Find(end < 0 ? rest : rest[..end]) is not { } below) break;
            place = below;
            rest = end < 0 ? default : rest[(end + 1)..];
        }

        isAtPath = rest.IsEmpty;
        return place;
    }

    public VisiblePlace? Find(ReadOnlySpan<byte> name)
    {
        int low = 0, high = Below.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Below[middle].NameUtf8.AsSpan().SequenceCompareTo(name);
            if (order == 0) return Below[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    /// <summary>The visible places below a hidden one, without those inside of each other.</summary>
    public IEnumerable<VisiblePlace> Clearings() => IsVisible ? [this] : Below.SelectMany(place => place.Clearings());

    /// <summary>All visible places that are directly below a hidden one.</summary>
    public IEnumerable<VisiblePlace> AllClearings() =>
        Below.SelectMany(place => place.AllClearings().Concat(place.IsVisible && !IsVisible ? [place] : []));

    /// <summary>This place and the hidden ones around it, up to a visible one or the root, which is always shown.</summary>
    public IEnumerable<VisiblePlace> HiddenWay()
    {
        for (var place = this; place is { IsVisible: false, Above: { } above }; place = above) yield return place;
    }

    private VisiblePlace? Find(ReadOnlySpan<char> name)
    {
        if (!IsMixed) return null;
        Span<byte> utf8 = stackalloc byte[VirtualPath.MaxNameBytes];
        return Find(utf8[..Encoding.UTF8.GetBytes(name, utf8)]);
    }

    private static VisiblePlace Build(VirtualPath path, Principal principal, List<VirtualPath> paths)
    {
        var isVisible = principal.RightAt(path) >= Right.List;
        var depth = path.IsRoot ? 1 : path.Value.Length + 1;
        var below = paths.Where(other => other != path)
            .GroupBy(other => other.Value[depth..].Split('/')[0])
            .Select(group => Build(path.Child(group.Key), principal, [.. group]))
            // A place that is as the directory around it, with everything below, decides nothing.
            .Where(place => place.IsVisible != isVisible || place.IsMixed);
        return new VisiblePlace(path, isVisible, [.. below]);
    }
}
