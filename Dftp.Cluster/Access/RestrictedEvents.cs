using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>
/// The events of what a principal may see. It numbers the events itself, because gaps in the numbers of all events would count the hidden
/// ones. So it cannot resume: a reader that starts at an earlier position is told to read the tree again.
/// </summary>
internal sealed class RestrictedEvents : TreeEventReader
{
    private const int MaxAtOnce = 64;

    private readonly TreeEventReader _all;
    private readonly ITreeView _whole;
    private readonly VisiblePlace _places;
    private readonly Queue<TreeEvent> _visible = new();

    /// <summary>
    /// The visible places below hidden directories that exist. A deleted hidden directory has one event, which says nothing of them.
    /// </summary>
    private readonly HashSet<VisiblePlace> _clearings = [];

    /// <summary>Where the clearings are looked up again; null while they are known.</summary>
    private ITreeSnapshot? _lookUpIn;

    private bool _isCut;
    private long _last;

    /// <param name="all">All events from now on; disposed of with this.</param>
    /// <param name="whole">The tree that they are of.</param>
    /// <param name="before">A snapshot from before the first event.</param>
    /// <param name="places">What the principal may see.</param>
    /// <param name="isCut">Whether the principal's position is lost.</param>
    public RestrictedEvents(TreeEventReader all, ITreeView whole, ITreeSnapshot before, VisiblePlace places, bool isCut) =>
        (_all, _whole, _places, _lookUpIn, _isCut) = (all, whole, places, before, isCut);

    public override TreeEventId Position => new(_all.Position.Incarnation, _last);

    public override IReadOnlyList<TreeEvent> Read(int most, out bool isCut)
    {
        (isCut, _isCut) = (_isCut, false);
        if (isCut) return [];
        var read = new List<TreeEvent>();
        while (read.Count < most && _visible.TryDequeue(out var change)) read.Add(change with { Sequence = ++_last });
        return read;
    }

    /// <summary>Hidden events do not end it.</summary>
    public override async Task WaitAsync(CancellationToken cancellationToken)
    {
        while (_visible.Count == 0 && !_isCut)
        {
            await LookUpAsync(cancellationToken);
            await _all.WaitAsync(cancellationToken);
            var events = _all.Read(MaxAtOnce, out var isCut);
            if (isCut)
            {
                (_isCut, _lookUpIn) = (true, _whole.Snapshot);
                _visible.Clear();
            }

            foreach (var change in events) Add(change);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _all.Dispose();
    }

    private async ValueTask LookUpAsync(CancellationToken cancellationToken)
    {
        if (_lookUpIn is not { } snapshot) return;
        _clearings.Clear();
        foreach (var clearing in _places.AllClearings())
        {
            if (await snapshot.FindAsync(clearing.Path, cancellationToken) is not null) _clearings.Add(clearing);
        }

        _lookUpIn = null;
    }

    private void Add(TreeEvent change)
    {
        if (change.Kind is TreeEventKind.NodeJoined or TreeEventKind.NodeLeft)
        {
            _visible.Enqueue(change);
            return;
        }

        var place = _places.Deciding(change.Path, out var isAtPath);
        switch (change.Kind)
        {
            case TreeEventKind.Deleted:
                AddDeleted(change, place, isAtPath);
                break;
            case TreeEventKind.Reset:
                if (place.IsVisible || (isAtPath && place.IsMixed)) _visible.Enqueue(change);
                _lookUpIn = _whole.Snapshot;
                break;
            default:
                if (!place.IsVisible) break;
                if (isAtPath && change.Kind == TreeEventKind.Created) AddWayTo(place, change);
                AddVisible(change, isAtPath && place.IsMixed);
                break;
        }
    }

    /// <summary>The size and the time of a directory above a hidden place are not shown, so that they do not change either.</summary>
    private void AddVisible(TreeEvent change, bool isMixed)
    {
        if (!isMixed || !change.IsDirectory) _visible.Enqueue(change);
        else if (change.Kind != TreeEventKind.Changed) _visible.Enqueue(change with { Size = 0, Modified = default });
    }

    /// <summary>With a clearing come the hidden directories above it, unless another clearing shows them already.</summary>
    private void AddWayTo(VisiblePlace place, TreeEvent created)
    {
        if (place.Above is not { IsVisible: false } above) return;
        foreach (var hidden in above.HiddenWay().Reverse().Where(hidden => !IsShown(hidden)))
        {
            _visible.Enqueue(created with { Path = hidden.Path, IsDirectory = true, Size = 0, Modified = default });
        }

        _clearings.Add(place);
    }

    /// <summary>A hidden directory goes with its last clearing.</summary>
    private void AddDeleted(TreeEvent deleted, VisiblePlace place, bool isAtPath)
    {
        var gone = _clearings.RemoveWhere(clearing => clearing.Path.IsSameOrUnder(deleted.Path));
        if (isAtPath && (place.IsVisible ? place.Above is { IsVisible: false } : gone > 0))
        {
            var way = (place.IsVisible ? place.Above! : place).HiddenWay();
            if (way.LastOrDefault(hidden => !IsShown(hidden)) is { } top)
            {
                _visible.Enqueue(deleted with { Path = top.Path, IsDirectory = true, Size = 0, Modified = default });
                return;
            }
        }

        if (place.IsVisible) AddVisible(deleted, isAtPath && place.IsMixed);
    }

    private bool IsShown(VisiblePlace hidden) => hidden.Clearings().Any(_clearings.Contains);
}
