import { expect, it } from "vitest";
import { nearNames } from "../../../server/store/near.ts";

it.each([
  ["iriss", ["iris", "rose"], ["iris"]],
  ["IRIS", ["iris"], ["iris"]],
  ["forest", ["random forest", "iris"], ["random forest"]],
  ["ab", ["x", "yz"], []],
  ["anomaly_detction", ["anomaly_detection", "anomaly_detection_ecod", "iris"], ["anomaly_detection"]],
])("%s may mean one of %j", (wanted, names, near) => {
  expect(nearNames(wanted, names)).toEqual(near);
});
