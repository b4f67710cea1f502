using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

[TestClass]
public sealed class PagedTests
{
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(128)]
    [DataRow(1000)]
    public async Task Pages_HaveEveryItemInOrder(int count)
    {
        var items = Enumerable.Range(0, count).ToList();

        var read = new List<int>();
        await foreach (var page in Paged.Of(items)) read.AddRange(page.Span);

        CollectionAssert.AreEqual(items, read);
        CollectionAssert.AreEqual(items, await Paged.Of(items).EachAsync().ToListAsync(CancellationToken.None));
    }

    [TestMethod]
    public async Task ASequence_IsReadPageByPage_AndDisposedOf()
    {
        var (read, isDisposed) = (0, false);
        IEnumerable<int> Endless()
        {
            try
            {
                while (true) yield return read++;
            }
            finally
            {
                isDisposed = true;
            }
        }

        await foreach (var page in Paged.Of(Endless()))
        {
            Assert.AreEqual(page.Length, read);
            break;
        }

        Assert.IsTrue(isDisposed);
    }

    [TestMethod]
    public async Task ACancelledToken_EndsItBeforeTheNextPage()
    {
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Paged.Of(Enumerable.Range(0, int.MaxValue), stop.Token)) await stop.CancelAsync();
        });
    }
}
